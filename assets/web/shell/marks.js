// On Inspect, where a search led there: the words are marked wherever they are read, and the first of them is in view.

import * as address from "../lib/address.js";

const NAME = "grm-words";
const READ = ".grm-cards, .grm-case";
const MOST = 500;

/** Marks the words of the address in what is read, now and as more of it comes. Nothing of the page is changed by it. */
export function markWords() {
  const words = (address.params().get("words") || "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length || !address.params().get("session") || !("highlights" in CSS)) return;
  let isInView = false;
  let waiting = 0;
  const mark = () => {
    waiting = 0;
    const ranges = [...document.querySelectorAll(READ)].flatMap((part) => rangesIn(part, words)).slice(0, MOST);
    CSS.highlights.set(NAME, new Highlight(...ranges));
    const place = wanted(ranges);
    if (isInView || !place) return;
    isInView = true;
    place.startContainer.parentElement?.scrollIntoView({ block: "center" });
  };
  new MutationObserver(() => {
    if (!waiting) waiting = window.setTimeout(mark, 100);
  }).observe(document.body, { childList: true, subtree: true });
  mark();
}

/** The first place in the sample that the address names, or in query and responses. @param {Range[]} ranges */
function wanted(ranges) {
  const isSample = Boolean(address.params().get("sample"));
  const where = isSample ? ".grm-cards" : ".grm-case";
  return ranges.find((range) => range.startContainer.parentElement?.closest(where));
}

/** @param {Element} part @param {string[]} words */
function rangesIn(part, words) {
  /** @type {Range[]} */
  const ranges = [];
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.textContent ?? "").toLowerCase();
    for (const word of words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  return ranges;
}
