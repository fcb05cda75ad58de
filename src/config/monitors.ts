import { readFile } from 'node:fs/promises'
import type { MonitorsSettings } from '../core/monitors.ts'
import { monitorsSchema } from '../core/monitors.ts'
import { ConfigError } from '../errors.ts'
import { checkedYaml, frozen } from './yaml.ts'

/** Reads and checks the settings of the monitors. Throws a `ConfigError` that gives each place and reason. */
export async function readMonitors(file: string): Promise<MonitorsSettings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ConfigError(
      `The monitors' file ${file} cannot be read. Set GROUNDCREW_MONITORS to one; examples/monitors.yml is a commented example.`,
      { cause },
    )
  })
  return frozen(checkedYaml(text, monitorsSchema, `The monitors' file ${file}`))
}
