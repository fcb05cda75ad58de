import type { Stage } from '../workflow.ts'

/** The name of a file that a stage left, as people see it: what a later attempt left is another file. */
export function fileName(name: string, attempt: number): string {
  return attempt > 1 ? name.replace(/(?=\.[^.]*$)/, `-${attempt}`) : name
}

/** The same by stage: where several of a kind are in one execution, each has files of its own (`remove-plan.txt`). */
export function stageFile({ id, kind }: Pick<Stage, 'id' | 'kind'>, name: string): string {
  return id === kind ? name : `${id.split('.')[0]}-${name}`
}
