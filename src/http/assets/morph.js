/**
 * Makes one element like another one and leaves alone what is the same: where somebody scrolled to, what he marked and what has the focus
 * stay as they are.
 * @param {Node} old
 * @param {Node} fresh
 */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh)
    return
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  morphChildren(old, fresh)
}

/**
 * The same of what is in them.
 * @param {Node} old
 * @param {Node} fresh
 */
export function morphChildren(old, fresh) {
  const before = [...old.childNodes]
  const wanted = [...fresh.childNodes]
  for (const [at, node] of wanted.entries()) {
    const there = before[at]
    if (there) morph(there, node)
    else old.append(node)
  }
  for (const node of before.slice(wanted.length)) node.remove()
}
