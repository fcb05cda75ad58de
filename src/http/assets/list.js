// The key of the link has opened the page; it belongs into no history and no bookmark.
const url = new URL(location.href)
if (url.searchParams.has('key')) {
  url.searchParams.delete('key')
  history.replaceState(null, '', url)
}
