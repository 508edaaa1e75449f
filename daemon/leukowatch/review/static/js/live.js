// News from the service: which slides have changed. One stream a page; the browser connects again by itself.

/**
 * @param {(slides: number[]) => void} changed is told the numbers of the slides, at most twice a second;
 *     an empty list means that anything may have changed.
 */
export function listen(changed) {
  let waiting = null;
  const seen = new Set();
  const mark = document.querySelector("#live");
  const stream = new EventSource("/api/v1/events");
  const show = (on) => {
    if (!mark) return;
    mark.dataset.on = on;
    mark.textContent = on ? "live" : "not live: connecting again";
  };
  stream.addEventListener("open", () => { show(true); changed([]); });
  stream.addEventListener("error", () => show(false));
  stream.addEventListener("slides", (event) => {
    for (const slide of JSON.parse(event.data)) seen.add(slide);
    waiting ??= setTimeout(() => {
      waiting = null;
      const slides = [...seen];
      seen.clear();
      changed(slides);
    }, 500);
  });
  addEventListener("pagehide", () => stream.close());
}
