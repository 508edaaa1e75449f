// News from the service: which slides have changed. One stream a page; the browser connects again by itself.

/**
 * @param {(slides: number[]) => void} changed is told the numbers of the slides, at most twice a second;
 *     an empty list means that anything may have changed.
 */
export function listen(changed) {
  let waiting = null;
  const seen = new Set();
  const mark = document.querySelector("#live");
  const show = (on) => {
    if (!mark) return;
    mark.dataset.on = on;
    mark.textContent = on ? "live" : "not live: connecting again";
  };
  const hear = (event) => {
    for (const slide of JSON.parse(event.data)) seen.add(slide);
    waiting ??= setTimeout(() => {
      waiting = null;
      const slides = [...seen];
      seen.clear();
      changed(slides);
    }, 500);
  };
  // A browser keeps six connections to a service: pages that nobody sees take none.
  let stream = null;
  const follow = () => {
    stream?.close();
    stream = null;
    if (document.hidden) return;
    stream = new EventSource("/api/v1/events");
    stream.addEventListener("open", () => { show(true); changed([]); });
    stream.addEventListener("error", () => show(false));
    stream.addEventListener("slides", hear);
  };
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => event.persisted && follow());
  follow();
}
