import { LineChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent, TitleComponent } from 'echarts/components'
import { use } from 'echarts/core'
import { drawn, FONT, shortText, text } from './chart/draw.ts'

use([LineChart, GridComponent, MarkLineComponent, TitleComponent])

export type LoadChart = {
  readonly title: string
  readonly subtitle: string
  /** Points in time: seconds since the beginning, answers without error a second, p95 in milliseconds (null: nothing was answered). */
  readonly series: readonly { readonly second: number; readonly throughput: number; readonly p95: number | null }[]
  /** The most that p95 may be, as a line of its own. */
  readonly limit?: number
}

/** Read on a phone: a message is about 350 points wide there, so that 30 pixels of 1200 become 9 points. */
const [WIDTH, HEIGHT] = [1200, 900]
const BLUE = '#1d5fa8'
const RED = '#b3261e'

/** Throughput and p95 over time as a PNG of 1200 by 900: two charts above each other, so that no line needs the other's axis. */
export function drawLoad(chart: LoadChart): Promise<Uint8Array> {
  return drawn(optionOf(chart), { width: WIDTH, height: HEIGHT })
}

function optionOf({ title, subtitle, series, limit }: LoadChart) {
  const times = series.map(({ second }) => timeText(second))
  const upper = panel(0, { name: 'answers per second', color: BLUE, times })
  const lower = panel(1, { name: 'p95 in ms', color: RED, times })
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT },
    title: [
      { text: title, subtext: subtitle, left: 40, top: 22, textStyle: text(40), subtextStyle: text(28, '#555555') },
      upper.title,
      lower.title,
    ],
    grid: [upper.grid, lower.grid],
    xAxis: [upper.xAxis, lower.xAxis],
    yAxis: [upper.yAxis, lower.yAxis],
    series: [
      { ...upper.line, data: series.map(({ throughput }) => throughput) },
      {
        ...lower.line,
        data: series.map(({ p95 }) => p95),
        ...(limit === undefined ? {} : { markLine: limitLine(limit) }),
      },
    ],
  }
}

type Panel = { readonly name: string; readonly color: string; readonly times: readonly string[] }

function panel(index: number, { name, color, times }: Panel) {
  const top = index === 0 ? 195 : 560
  return {
    title: { text: name, left: 40, top: top - 52, textStyle: text(30, color) },
    grid: { left: 130, right: 50, top, height: 240 },
    xAxis: {
      gridIndex: index,
      type: 'category' as const,
      data: [...times],
      boundaryGap: times.length < 2,
      axisLabel: { ...text(26), interval: Math.max(0, Math.ceil(times.length / 6) - 1) },
      axisTick: { show: false },
    },
    yAxis: {
      gridIndex: index,
      type: 'value' as const,
      min: 0,
      splitNumber: 3,
      axisLabel: { ...text(26), formatter: shortText },
    },
    line: {
      type: 'line' as const,
      xAxisIndex: index,
      yAxisIndex: index,
      lineStyle: { width: 5, color },
      itemStyle: { color },
      showSymbol: times.length < 12,
      symbolSize: 12,
    },
  }
}

/** The limit is drawn only as far as it is on the chart; where the line stays far below, the title says it. */
function limitLine(limit: number) {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { type: 'dashed' as const, width: 3, color: '#555555' },
    label: { ...text(24, '#555555'), position: 'insideEndTop' as const, formatter: `at most ${limit} ms` },
    data: [{ yAxis: limit }],
  }
}

function timeText(second: number): string {
  const minutes = Math.floor(second / 60)
  return minutes === 0 ? `${second} s` : `${minutes}:${String(second % 60).padStart(2, '0')}`
}
