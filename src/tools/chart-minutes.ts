import { BarChart } from 'echarts/charts'
import { GridComponent, TitleComponent } from 'echarts/components'
import { use } from 'echarts/core'
import { drawn, FONT, shortText, text } from './chart/draw.ts'

use([BarChart, GridComponent, TitleComponent])

export type MinutesChart = {
  readonly title: string
  readonly subtitle: string
  /** How many there were in each minute, the oldest first. */
  readonly minutes: readonly number[]
  /** The end of the last minute, in milliseconds since 1970. */
  readonly endsAt: number
}

/** As wide as the picture of a load test, so that its text is as big on a phone. */
const SIZE = { width: 1200, height: 700 }
const RED = '#b3261e'
const MINUTE_MS = 60_000

/** The last hour, a bar for each minute, as a PNG of 1200 by 700. Clocks in UTC stand under it. */
export function drawMinutes(chart: MinutesChart): Promise<Uint8Array> {
  return drawn(optionOf(chart), SIZE)
}

function optionOf({ title, subtitle, minutes, endsAt }: MinutesChart) {
  /** Of a minute; but the last one is called by its end, which is now. */
  const startOf = (index: number) => endsAt - (index === minutes.length - 1 ? 0 : minutes.length - index) * MINUTE_MS
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: {
      text: cut(title, 48),
      subtext: cut(subtitle, 66),
      left: 40,
      top: 22,
      textStyle: text(34),
      subtextStyle: text(28, '#555555'),
    },
    grid: { left: 130, right: 60, top: 170, bottom: 95 },
    xAxis: {
      type: 'category' as const,
      data: minutes.map((_found, index) => clockText(startOf(index))),
      axisLabel: {
        ...text(26),
        margin: 22,
        interval: isLabeled(minutes.length),
        showMaxLabel: true,
        hideOverlap: false,
      },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: '#222222', width: 3 } },
    },
    yAxis: {
      type: 'value' as const,
      min: 0,
      max: ({ max }: { max: number }) => (max < 4 ? 4 : null),
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { ...text(26), formatter: shortText },
    },
    series: [{ type: 'bar' as const, data: [...minutes], barCategoryGap: '15%', itemStyle: { color: RED } }],
  }
}

/** Each quarter of an hour from the beginning, and the end. */
const isLabeled = (length: number) => (index: number) => index % 15 === 0 || index === length - 1

/** So many letters fit into a line, rather wide ones too; no renderer without a browser can measure them. */
function cut(line: string, letters: number): string {
  const all = [...line]
  return all.length <= letters ? line : `${all.slice(0, letters - 1).join('')}…`
}

function clockText(at: number): string {
  return new Date(at).toISOString().slice(11, 16)
}
