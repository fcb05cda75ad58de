/**
 * User and password before the host of an address (RFC 3986, 3.2.1: `scheme://user:password@host`). Both have a most, so that no text
 * takes long. Passwords that should have been escaped, with `@`, `/`, `?` or `#` in them, count too; a port (`host:8080/a@b`) does not.
 */
const USER_INFO = /(:\/\/[^\s:/?#"<>`]{0,256}:)(?:[^\s/?#"<>`]{1,2048}@|(?!\d{1,5}(?:\W|$))[^\s"<>`]{1,2048}@)/g

/** Hides the password in each address that has one, whatever it is the address of; who logs in stays. */
export function withoutPasswords(text: string): string {
  return text.replace(USER_INFO, '$1***@')
}
