"""Material of the unseen families: no sentence, topic or fact of the seen ones."""

PEOPLE = ("Bruno", "Sofia", "Liam", "Mina", "Carl", "Ines", "Noah", "Olga", "Peter", "Rosa", "Theo", "Uma")

SUBJECTS: dict[str, tuple[str, ...]] = {
    "owls": ("At dusk owls leave their hollow trees.", "The feathers of owls make almost no noise.",
             "Farmers like owls because they catch rats."),
    "glass": ("Melted sand becomes glass.", "Thick glass keeps out noise from the street.",
              "Old glass can be melted and used again."),
    "kites": ("On the beach kites rise quickly.", "Most kites have a tail that keeps them steady.",
              "A broken string sends kites far away."),
    "rice": ("Farmers plant rice in flooded fields.", "Brown rice takes longer to cook.",
             "Half of all people eat rice every day."),
    "clocks": ("Tall clocks once stood in every hall.", "Digital clocks show the time in figures.",
               "Broken clocks can be repaired by hand."),
    "deserts": ("Little rain reaches deserts.", "Camels carry loads across deserts.",
                "The nights in deserts can be freezing."),
    "cheese": ("Fresh milk turns into cheese with rennet.", "Hard cheese ripens for months.",
               "Mice are said to love cheese."),
    "radios": ("Early radios were as big as cupboards.", "Ships call for help with their radios.",
               "Drivers listen to radios in traffic."),
    "islands": ("Ferries link the islands with the coast.", "Turtles nest on quiet islands.",
                "Many islands were born from coral."),
    "candles": ("Wax and a wick are all that candles need.", "A draught makes candles flicker.",
                "Before lamps, people read by candles."),
}  # fmt: skip

CONTINENTS = {
    "Brazil": "America", "Mexico": "America", "Argentina": "America", "Nigeria": "Africa", "Ghana": "Africa",
    "Morocco": "Africa", "India": "Asia", "Vietnam": "Asia", "Nepal": "Asia", "Korea": "Asia", "Romania": "Europe",
    "Switzerland": "Europe", "Iceland": "Europe", "Ukraine": "Europe",
}  # fmt: skip

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

TASKS = {
    "plant a tree": ("Dig a deep hole.", "Set the roots into it.", "Fill it with soil.", "Water it well."),
    "boil an egg": ("Heat water in a pot.", "Put the egg in.", "Wait six minutes.", "Cool it and peel it."),
    "wash a car": ("Rinse off the dirt.", "Rub it with a sponge.", "Rinse the foam away.", "Dry it with a cloth."),
    "mail a parcel": ("Pack it in a box.", "Write the address on top.", "Carry it to the post.", "Keep the receipt."),
    "paint a wall": ("Cover the floor.", "Stir the paint.", "Roll it on evenly.", "Let it dry overnight."),
}
