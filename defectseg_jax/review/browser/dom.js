// A few words for what is done to the page everywhere.

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * An element; what is given stands in it as text, never as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(string|Node)} content
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...content);
  return made;
}

/**
 * Tells who cannot see it; the same words twice are told twice.
 *
 * @param {string} text
 */
export function say(text) {
  const place = byId('said');
  place.textContent = '';
  place.textContent = text;
}

/**
 * @param {string} text
 * @param {boolean} [stays] until it is closed
 */
export function complain(text, stays = false) {
  const place = byId('problem');
  byId('problem-text').textContent = text;
  place.hidden = false;
  window.clearTimeout(hiding);
  if (!stays) hiding = window.setTimeout(forgive, 8000);
}

let hiding = 0;

export function forgive() {
  byId('problem').hidden = true;
}
