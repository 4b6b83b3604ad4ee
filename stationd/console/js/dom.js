/**
 * Describing what stands on the page, and changing the page to match: only what differs is touched, so that focus,
 * selection and what somebody is typing survive every refresh.
 *
 * @typedef {{tag: string, props: Record<string, any>, kids: Child[], key: string | number | undefined}} Node_
 * @typedef {Node_ | string} Child
 * @typedef {Child | number | null | undefined | false | any[]} Anything
 */

const SVG = "http://www.w3.org/2000/svg";
const KEPT = Symbol("description");

/**
 * One element. Props: `class`, `key`, `on…` handlers, `style` as an object of properties, `ref` called once with the
 * new element, `value`, `checked`, `disabled` and the like as properties, everything else as attributes.
 * @param {string} tag @param {Record<string, any> | null} [props] @param {...Anything} kids
 * @returns {Node_}
 */
export function h(tag, props, ...kids) {
  const { key, ...rest } = props ?? {};
  return { tag, props: rest, kids: flat(kids), key };
}

/** @param {Anything[]} kids @returns {Child[]} */
function flat(kids) {
  /** @type {Child[]} */
  const all = [];
  for (const kid of kids) {
    if (Array.isArray(kid)) all.push(...flat(kid));
    else if (typeof kid === "number") all.push(String(kid));
    else if (kid) all.push(/** @type {Child} */ (kid));
  }
  return all;
}

/** Make the children of `root` what is described. @param {Element} root @param {...Anything} kids */
export function render(root, ...kids) {
  patchKids(root, flat(kids), root.namespaceURI === SVG);
  for (const element of born.splice(0)) /** @type {any} */ (element)[KEPT].props.ref(element);
}

/** New elements whose `ref` is still to be called, once they stand on the page. @type {Element[]} */
const born = [];

/** @param {Element} parent @param {Child[]} kids @param {boolean} inSvg */
function patchKids(parent, kids, inSvg) {
  /** @type {Map<string | number, ChildNode>} */
  const keyed = new Map();
  for (const node of parent.childNodes) {
    const key = /** @type {any} */ (node)[KEPT]?.key;
    if (key !== undefined) keyed.set(key, node);
  }
  let here = parent.firstChild;
  for (const kid of kids) {
    const wanted = typeof kid === "string" ? undefined : kid.key;
    let found = wanted === undefined ? here : keyed.get(wanted);
    if (found && !isSame(found, kid)) found = undefined;
    if (found) {
      if (found !== here) parent.insertBefore(found, here);
      else here = here.nextSibling;
      patch(found, kid);
    } else {
      const made = make(kid, inSvg);
      parent.insertBefore(made, here);
      if (typeof kid !== "string" && kid.props.ref) born.push(/** @type {Element} */ (made));
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

/** @param {ChildNode} node @param {Child} kid */
function isSame(node, kid) {
  if (typeof kid === "string") return node.nodeType === Node.TEXT_NODE;
  const kept = /** @type {any} */ (node)[KEPT];
  return kept !== undefined && kept.tag === kid.tag && kept.key === kid.key;
}

/** @param {ChildNode} node @param {Child} kid */
function patch(node, kid) {
  if (typeof kid === "string") {
    if (node.nodeValue !== kid) node.nodeValue = kid;
    return;
  }
  const element = /** @type {HTMLElement} */ (node);
  const before = /** @type {any} */ (element)[KEPT].props;
  for (const name of Object.keys(before)) if (!(name in kid.props)) set(element, name, null);
  for (const [name, value] of Object.entries(kid.props)) {
    if (value !== before[name] || name === "style" || name === "checked") set(element, name, value);
  }
  /** @type {any} */ (element)[KEPT] = kid;
  patchKids(element, kid.kids, element.namespaceURI === SVG);
}

/** @param {Child} kid @param {boolean} inSvg @returns {ChildNode} */
function make(kid, inSvg) {
  if (typeof kid === "string") return document.createTextNode(kid);
  const isSvg = inSvg || kid.tag === "svg";
  const element = /** @type {HTMLElement} */ (
    isSvg ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag)
  );
  for (const [name, value] of Object.entries(kid.props)) set(element, name, value);
  /** @type {any} */ (element)[KEPT] = kid;
  patchKids(element, kid.kids, isSvg);
  return element;
}

const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "open", "indeterminate"]);

/** @param {HTMLElement} element @param {string} name @param {any} value */
function set(element, name, value) {
  if (name === "ref") return;
  if (name === "style") {
    for (const [property, each] of Object.entries(value ?? {})) element.style.setProperty(property, String(each));
  } else if (name.startsWith("on")) {
    /** @type {any} */ (element)[name] = value;
  } else if (AS_PROPERTY.has(name)) {
    /** @type {any} */ (element)[name] = value ?? (name === "value" ? "" : false);
  } else if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}
