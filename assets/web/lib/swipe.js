// A finger that goes sideways.

const FAR = 60; // pixels
const FLAT = 2; // times as far sideways as up or down

/** @param {HTMLElement} node @param {(by: 1 | -1) => void} act 1: to what comes next, on a finger that goes left */
export function onSwipe(node, act) {
  /** @type {Touch | null} */
  let begun = null;
  node.addEventListener(
    "touchstart",
    (event) => {
      const isScrolling = /** @type {Element} */ (event.target).closest(".grm-wide, input");
      begun = event.touches.length === 1 && !isScrolling ? event.touches[0] : null;
    },
    { passive: true },
  );
  node.addEventListener(
    "touchend",
    ({ changedTouches: [ended] }) => {
      if (!begun || !window.getSelection()?.isCollapsed) return;
      const [right, down] = [ended.clientX - begun.clientX, ended.clientY - begun.clientY];
      begun = null;
      if (Math.abs(right) > FAR && Math.abs(right) > FLAT * Math.abs(down)) act(right < 0 ? 1 : -1);
    },
    { passive: true },
  );
}
