// Run before anything is seen: the theme and the motion that this browser was asked for (see lib/preferences.js), and
// whether a session is to be opened, so that its page is laid out at once.
(() => {
  /** @param {string} name */
  const stored = (name) => {
    try {
      return JSON.parse(window.localStorage.getItem(`grm-lens-${name}`) ?? "null");
    } catch {
      return null; // private windows forget it
    }
  };
  const given = new URL(window.location.href).searchParams;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = given.get("__theme") ?? stored("theme");
    const isDark = theme === "dark" || (theme !== "light" && dark.matches);
    if (document.body.classList.contains("dark") !== isDark) document.body.classList.toggle("dark", isDark);
    document.documentElement.dataset.motion = stored("motion") === "reduced" ? "reduced" : "system";
  };
  apply();
  // Gradio follows the system, whatever was chosen here.
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  dark.addEventListener("change", apply);
  document.addEventListener("grm:preferences", apply);
  document.documentElement.dataset.composer = given.get("session") ? "folded" : "open";
})();
