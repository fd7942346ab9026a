"""Names, topics and small facts that the seen families draw from. The unseen families have their own."""

NAMES = (
    "Maria", "Tom", "Aisha", "Lena", "Oscar", "Priya", "Hugo", "Nadia", "Felix", "Ruth", "Diego", "Emma", "Kofi",
    "Ivan", "Clara", "Yusuf", "Greta", "Marco", "Anna", "Samir", "Elsa", "Victor", "Zoe", "Paul",
)  # fmt: skip

TOPICS: dict[str, tuple[str, ...]] = {
    "rivers": (
        "Rivers carry water from the hills to the sea.",
        "Many rivers flood their banks in spring.",
        "People build towns near rivers to trade and fish.",
        "Small streams join to make wide rivers.",
    ),
    "bread": (
        "Bread needs flour, water, salt and yeast.",
        "Fresh bread smells good when it leaves the oven.",
        "Bakers knead bread dough until it is smooth.",
        "Old bread can be toasted for breakfast.",
    ),
    "bicycles": (
        "Bicycles are a cheap way to cross a city.",
        "Bicycles need air in both tyres.",
        "Riders of bicycles should wear a helmet.",
        "Oil keeps the chain of bicycles quiet.",
    ),
    "cats": (
        "Cats sleep for most of the day.",
        "Cats clean their fur with a rough tongue.",
        "At night cats hunt mice in the garden.",
        "Young cats love to chase a ball of wool.",
    ),
    "chess": (
        "Chess is played on a board of 64 squares.",
        "In chess the queen is the strongest piece.",
        "Good chess players plan several moves ahead.",
        "A game of chess ends when a king is trapped.",
    ),
    "tea": (
        "Tea is made by pouring hot water on dried leaves.",
        "Green tea tastes best when the water is not boiling.",
        "Some people drink tea with milk and sugar.",
        "Tea came to Europe on trading ships.",
    ),
    "gardens": (
        "Gardens need sun, water and patience.",
        "Bees visit gardens that are full of flowers.",
        "Weeds grow fast in gardens after rain.",
        "Many gardens have a corner for herbs.",
    ),
    "trains": (
        "Trains run on steel rails.",
        "Fast trains link the big cities in a few hours.",
        "Long trains carry coal, cars and grain.",
        "Some trains have beds for night travel.",
    ),
    "snow": (
        "Snow falls when the air is cold and damp.",
        "Children build figures out of fresh snow.",
        "Deep snow can block a mountain road.",
        "Each flake of snow has six sides.",
    ),
    "libraries": (
        "Libraries lend books to everyone for free.",
        "Quiet rooms in libraries are good for study.",
        "Many libraries also lend films and games.",
        "Libraries keep old newspapers for research.",
    ),
    "honey": (
        "Honey is made by bees from nectar.",
        "Honey keeps for years in a closed jar.",
        "Dark honey has a stronger taste.",
        "A spoon of honey sweetens a cup of milk.",
    ),
    "football": (
        "Football is played by two teams of eleven.",
        "In football only the keeper may use hands.",
        "Football matches last ninety minutes.",
        "Fans of football sing during the match.",
    ),
    "volcanoes": (
        "Volcanoes push hot rock out of the earth.",
        "Ash from volcanoes can make soil rich.",
        "Most volcanoes stand where plates meet.",
        "Some volcanoes sleep for centuries.",
    ),
    "pianos": (
        "Pianos have 88 black and white keys.",
        "Small hammers strike the strings inside pianos.",
        "Pianos must be tuned about once a year.",
        "Large pianos fill a whole hall with sound.",
    ),
    "markets": (
        "Markets sell fruit, fish and cheese.",
        "Prices at markets fall late in the day.",
        "People come to markets early for the best goods.",
        "Street markets often close before noon.",
    ),
    "bridges": (
        "Bridges let roads cross water and valleys.",
        "Old bridges were made of stone or wood.",
        "Long bridges hang from steel ropes.",
        "Engineers test bridges for cracks.",
    ),
    "potatoes": (
        "Potatoes grow under the ground.",
        "Potatoes can be boiled, baked or fried.",
        "Farmers dig up potatoes in late summer.",
        "Potatoes should be kept in a dark place.",
    ),
    "sleep": (
        "Sleep helps the body to repair itself.",
        "Most adults need eight hours of sleep.",
        "Bright screens make sleep harder to find.",
        "A short sleep after lunch can lift your mood.",
    ),
    "horses": (
        "Horses can run soon after they are born.",
        "Horses eat grass, hay and oats.",
        "Riders guide horses with the reins.",
        "Wild horses live together in herds.",
    ),
    "soap": (
        "Soap loosens grease from skin.",
        "Soap is made from fat and a strong base.",
        "Washing hands with soap removes germs.",
        "Some soap smells of lavender or lemon.",
    ),
    "wind": (
        "Wind moves from high to low pressure.",
        "Strong wind can turn large mills.",
        "Sailors watch the wind before they leave.",
        "A warm wind melts the ice in March.",
    ),
    "shoes": (
        "Shoes protect the feet from stones.",
        "Leather shoes last longer when they are polished.",
        "Running shoes have soft soles.",
        "New shoes may hurt for a few days.",
    ),
    "museums": (
        "Museums show art, tools and bones.",
        "School classes visit museums to learn history.",
        "Some museums are free on Sundays.",
        "Guards in museums watch the paintings.",
    ),
    "apples": (
        "Apples ripen in early autumn.",
        "Apples can be pressed into juice.",
        "Green apples are often sour.",
        "Apples keep well in a cool cellar.",
    ),
}  # fmt: skip

NOUNS = (
    "lantern", "window", "basket", "marble", "pocket", "ladder", "mirror", "violin", "blanket", "compass", "hammer",
    "feather", "kettle", "button", "candle", "pillow", "barrel", "ribbon", "needle", "anchor", "wallet", "carpet",
    "saddle", "bottle", "jacket", "pencil", "magnet", "whistle", "cabin", "harbor",
)  # fmt: skip

CAPITALS = {
    "France": "Paris", "Spain": "Madrid", "Italy": "Rome", "Germany": "Berlin", "Japan": "Tokyo", "Egypt": "Cairo",
    "Russia": "Moscow", "China": "Beijing", "Greece": "Athens", "Portugal": "Lisbon", "Poland": "Warsaw",
    "Austria": "Vienna", "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki", "Ireland": "Dublin",
    "Hungary": "Budapest", "Cuba": "Havana", "Peru": "Lima", "Kenya": "Nairobi", "Thailand": "Bangkok",
    "Canada": "Ottawa", "Denmark": "Copenhagen", "Belgium": "Brussels", "Iran": "Tehran", "Chile": "Santiago",
}  # fmt: skip

OPPOSITES = {
    "hot": "cold", "big": "small", "fast": "slow", "light": "dark", "early": "late", "happy": "sad", "rich": "poor",
    "strong": "weak", "full": "empty", "wet": "dry", "hard": "soft", "young": "old", "high": "low", "loud": "quiet",
    "open": "closed", "true": "false", "clean": "dirty", "long": "short", "thick": "thin", "sweet": "bitter",
}  # fmt: skip

ANIMALS = {
    "whale": "mammal", "dog": "mammal", "horse": "mammal", "bat": "mammal", "lion": "mammal", "eagle": "bird",
    "owl": "bird", "penguin": "bird", "sparrow": "bird", "duck": "bird", "salmon": "fish", "shark": "fish",
    "trout": "fish", "tuna": "fish", "ant": "insect", "bee": "insect", "beetle": "insect", "butterfly": "insect",
    "snake": "reptile", "lizard": "reptile", "turtle": "reptile", "crocodile": "reptile",
}  # fmt: skip

FOREIGN: dict[str, tuple[str, ...]] = {
    "French": (
        "Le chat dort sur la chaise.", "Les enfants jouent dans le jardin.", "La maison est grande et belle.",
        "Je mange une pomme avec du pain.", "Il fait beau dans la ville.",
    ),
    "Spanish": (
        "El perro corre por la calle.", "Los libros están en la mesa.", "Me gusta el café con leche.",
        "La casa tiene una puerta roja.", "Hoy hace mucho sol en el campo.",
    ),
    "German": (
        "Der Hund schläft unter dem Tisch.", "Die Kinder spielen im Garten.", "Das Wetter ist heute sehr schön.",
        "Ich trinke eine Tasse Tee.", "Wir gehen mit der Mutter nach Hause.",
    ),
    "Italian": (
        "Il gatto dorme sul divano.", "La ragazza legge un libro.", "Mi piace molto il gelato.",
        "Oggi il cielo è azzurro.", "Noi andiamo al mare con gli amici.",
    ),
}  # fmt: skip

WORD_GROUPS = {
    "fruits": ("apple", "banana", "cherry", "grape", "lemon", "mango", "orange", "peach", "plum", "kiwi"),
    "colors": ("amber", "blue", "crimson", "green", "indigo", "orange", "purple", "red", "white", "yellow"),
    "animals": ("bear", "camel", "deer", "fox", "goat", "lynx", "otter", "rabbit", "tiger", "zebra"),
    "tools": ("axe", "chisel", "drill", "file", "hammer", "knife", "pliers", "saw", "spade", "wrench"),
    "clothes": ("apron", "belt", "coat", "dress", "gloves", "hat", "scarf", "shirt", "socks", "vest"),
}  # fmt: skip
