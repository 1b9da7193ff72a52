// The one place that talks to the server.

/** What the server refused, and whether it is worth a reload. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

/**
 * @param {string} path
 * @param {RequestInit} [how]
 */
async function ask(path, how) {
  let response;
  try {
    response = await fetch(path, {cache: 'no-store', ...how});
  } catch {
    throw new Unreachable('the program does not answer');
  }
  if (response.ok) return response;
  const said = await response.text();
  let message = said.trim();
  try {
    message = JSON.parse(said).error;
  } catch {
    // The server's own words, in plain text.
  }
  throw new Refused(response.status, message);
}

/** @param {string} path */
export async function get(path) {
  return (await ask(`api/${path}`)).json();
}

/**
 * @param {string} path
 * @param {object} body
 */
export async function post(path, body) {
  const how = {method: 'POST', body: JSON.stringify(body)};
  const answer = await (await ask(`api/${path}`, how)).json();
  if (answer.refused) throw new Refused(answer.refused, answer.error);
  return answer;
}

/** @param {string} name */
export const pathOf = name => `images/${encodeURIComponent(name)}`;

/**
 * A tile's numbers as bytes.
 *
 * @param {string} name
 * @param {import('./types.js').Kind} kind
 * @param {number[]} place level, row and column
 */
export async function getTile(name, kind, place) {
  const response = await ask(
    `api/${pathOf(name)}/tile/${place.join('/')}?kind=${kind}`);
  const stream = (await response.blob()).stream();
  const inflated = stream.pipeThrough(new DecompressionStream('deflate'));
  return new Response(inflated).arrayBuffer();
}
