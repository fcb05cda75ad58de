import type { Html } from '../html.ts'
import { html, textOf } from '../html.ts'

/** A whole page. Scripts and styles are files of ours: the policy of the pages allows nothing inline. */
export function page(title: string, body: Html, { script }: { script?: string } = {}): string {
  return textOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/page.css">
<link rel="stylesheet" href="/assets/run.css">
<link rel="stylesheet" href="/assets/log.css">
<link rel="stylesheet" href="/assets/plan.css">
<link rel="stylesheet" href="/assets/phone.css">
${script ? html`<script type="module" src="/assets/${script}"></script>` : null}
</head>
<body>
${body}
</body>
</html>
`)
}
