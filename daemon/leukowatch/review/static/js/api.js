// The HTTP API as the page uses it: the same routes that a program uses, with the session and its CSRF token.

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** The service said no, and why. */
export class Refused extends Error {
  constructor(status, told) {
    super(typeof told?.detail === "string" ? told.detail : `the service answered ${status}`);
    this.status = status;
    /** @type {string[]} */
    this.reasons = told?.reasons ?? [];
  }
}

async function ask(method, path, body, type = "application/json") {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = type;
  const answer = await fetch(`/api/v1${path}`, { method, headers, body, credentials: "same-origin" });
  if (answer.status === 401) {
    location.assign("/login");
    throw new Refused(401, { detail: "log in again" });
  }
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

export const get = (path) => ask("GET", path);
export const post = (path, body) => ask("POST", path, JSON.stringify(body ?? {}));
export const send = (path, content, type) => ask("POST", path, content, type);
export const remove = (path) => ask("DELETE", path);
