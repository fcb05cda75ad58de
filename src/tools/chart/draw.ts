import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import type { EChartsCoreOption } from 'echarts/core'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([SVGRenderer])

export const FONT = 'DejaVu Sans'
export const text = (size: number, color = '#222222') => ({ fontFamily: FONT, fontSize: size, color })

/** A number at an axis: `1,250`, `125k`. */
export function shortText(value: number): string {
  return value < 100_000 ? value.toLocaleString('en-US') : `${(value / 1000).toLocaleString('en-US')}k`
}

/** What may not stand in XML at all (https://www.w3.org/TR/xml/#charsets): one such character in a title, and nothing would be drawn. */
const NO_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/** A chart as PNG. Sizes are in pixels. */
export function drawn(option: EChartsCoreOption, size: { width: number; height: number }): Promise<Uint8Array> {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...size })
  drawing.setOption(option)
  const svg = drawing.renderToSVGString().replace(NO_XML, ' ')
  drawing.dispose()
  return pngOf(svg)
}

let fonts: Promise<Uint8Array[]> | undefined

/** The renderer and its fonts are loaded once: they come with the packages, so that nothing depends on the machine. */
async function loadFonts(): Promise<Uint8Array[]> {
  const { resolve } = createRequire(import.meta.url)
  await initWasm(await readFile(resolve('@resvg/resvg-wasm/index_bg.wasm')))
  const names = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']
  return Promise.all(names.map((name) => readFile(resolve(`dejavu-fonts-ttf/ttf/${name}`))))
}

async function pngOf(svg: string): Promise<Uint8Array> {
  fonts ??= loadFonts()
  const options = { font: { fontBuffers: await fonts, loadSystemFonts: false, defaultFontFamily: FONT } }
  return new Resvg(svg, options).render().asPng()
}
