// Run before anything is seen: storage where a browser refuses it, the theme and the motion that this browser was asked
// for (see lib/preferences.js), and whether a session is to be opened, so that its page is laid out at once.
(() => {
  // In a frame of another site a browser may refuse storage by throwing, and Gradio would then never finish loading.
  for (const name of /** @type {const} */ (["localStorage", "sessionStorage"])) {
    try {
      void window[name];
    } catch {
      Object.defineProperty(window, name, { value: forgetful() });
    }
  }
  /** @param {string} name */
  const stored = (name) => {
    try {
      return JSON.parse(window.localStorage.getItem(`grm-lens-${name}`) ?? "null");
    } catch {
      return null; // private windows forget it
    }
  };
  const params = new URL(window.location.href).searchParams;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = params.get("__theme") ?? stored("theme");
    const isDark = theme === "dark" || (theme !== "light" && dark.matches);
    if (document.body.classList.contains("dark") !== isDark) document.body.classList.toggle("dark", isDark);
    document.documentElement.dataset.motion = stored("motion") === "reduced" ? "reduced" : "system";
  };
  apply();
  // Gradio follows the system, whatever was chosen here.
  new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  dark.addEventListener("change", apply);
  document.addEventListener("grm:preferences", apply);
  document.documentElement.dataset.composer = params.get("session") ? "folded" : "open";

  /** A storage that lasts as long as the page. @returns {Storage} */
  function forgetful() {
    /** @type {Map<string, string>} */
    const kept = new Map();
    const store = {
      getItem: (/** @type {string} */ key) => kept.get(String(key)) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(String(key), String(value)),
      removeItem: (/** @type {string} */ key) => void kept.delete(String(key)),
      clear: () => kept.clear(),
      key: (/** @type {number} */ index) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };
    // Gradio lists the keys of a storage.
    return new Proxy(store, {
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: (_, key) =>
        kept.has(String(key)) ? { value: kept.get(String(key)), enumerable: true, configurable: true } : undefined,
    });
  }
})();
