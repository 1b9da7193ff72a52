// What the server sends, and what the modules hand each other. No code.

/** @typedef {'pixels'|'probabilities'|'objects'|'proposal'} Kind */
/** @typedef {[number, number]} Point Row and column, in pixels. */
/** @typedef {[number, number, number, number]} Box Top, left, bottom, right. */
/** @typedef {'network'|'changed'|'drawn'|'out'} State */
/** @typedef {[number, number, number, number, number, State]} ObjectRow */

/**
 * @typedef {object} Headline
 * @property {string} label
 * @property {string} text
 * @property {string} unit
 * @property {string} interval
 */

/**
 * @typedef {object} Numbers
 * @property {number} version
 * @property {Headline[]} headlines
 * @property {string} changes
 * @property {number} corrected
 * @property {{name: string, message: string}[]} warnings
 */

/**
 * @typedef {object} ListedImage
 * @property {string} name
 * @property {boolean} done
 * @property {number} corrected
 * @property {string|null} applies
 * @property {string|null} reason
 */

/**
 * @typedef {object} ImageData_
 * @property {string} name
 * @property {number} height
 * @property {number} width
 * @property {number} levels
 * @property {number|null} pixel_size_nm
 * @property {boolean} has_probabilities
 * @property {number|null} threshold
 * @property {number} lesson
 * @property {number} version
 * @property {boolean} done
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {ObjectRow[]} objects
 * @property {Numbers} numbers
 */

/**
 * @typedef {object} Changed
 * @property {number} version
 * @property {Box} box
 * @property {string} text
 * @property {boolean} done
 * @property {boolean} can_undo
 * @property {boolean} can_redo
 * @property {number|null} threshold
 * @property {number} lesson
 * @property {{changed: ObjectRow[], gone: number[]}} objects
 * @property {Numbers|null} numbers Null where they are to be asked for.
 */

/**
 * @typedef {object} Place
 * @property {number|null} id
 * @property {number} row
 * @property {number} column
 * @property {string} text
 */

export {};
