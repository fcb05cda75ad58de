import { alertLoadReport, measureAlertLoad } from './alert-load.ts'
import { alertsReport, measureAlerts } from './alerts.ts'
import { measureAnswers } from './answers.ts'
import { artifactsReport, measureArtifacts } from './artifacts.ts'
import { auditReport, measureAudit } from './audit.ts'
import { bakeReport, measureBake } from './bake.ts'
import { budgetReport, measureBudget } from './budget.ts'
import { consulReport, measureConsul } from './consul.ts'
import { finishedReport, measureFinished } from './finished.ts'
import { graphReport, measureGraph } from './graph.ts'
import { hopReport, measureHop } from './hop.ts'
import { measureJob } from './job.ts'
import { measurePages, pagesReport } from './pages.ts'
import { answersReport, jobReport } from './report.ts'
import { measureWaiting, waitingReport } from './waiting.ts'
import { measureWorkers, workersReport } from './workers.ts'

/** `what` is measured beside which baseline, and about how long that takes. */
export type Bench = {
  readonly what: string
  readonly takes: string
  measure(signal: AbortSignal): Promise<{ readonly figures: unknown; readonly table: string }>
}

/** Every bench by its name, in the order in which they are run. */
export const benches: Readonly<Record<string, Bench>> = {
  answers: bench(
    'acknowledgement and first message beside a bare Bolt app: 200 commands in a row, and 50 at once',
    '15 s',
    measureAnswers,
    answersReport,
  ),
  job: bench(
    'plan and apply through the bot beside the same Terraform commands typed by hand',
    '25 s',
    measureJob,
    jobReport,
  ),
  hop: bench('one message through the engine beside one bare BullMQ hop', '15 s', measureHop, hopReport),
  graph: bench(
    'one execution of 1 to 1,000 stages, ten beside each other, beside as many jobs through bare BullMQ',
    '3 min',
    measureGraph,
    graphReport,
  ),
  waiting: bench(
    '1,000 executions that wait for a judgment: memory, and a click beside the same with one that waits',
    '90 s',
    measureWaiting,
    waitingReport,
  ),
  budget: bench(
    "50 that end at once in one channel under Slack's limits, beside the least that those limits allow",
    '2 min',
    measureBudget,
    budgetReport,
  ),
  finished: bench(
    '10,000 finished executions: list, show and memory, beside the same with 10',
    '1 min',
    measureFinished,
    finishedReport,
  ),
  artifacts: bench(
    'files of 1, 10 and 30 MB through encryption beside bare SET and GET',
    '10 s',
    measureArtifacts,
    artifactsReport,
  ),
  bake: bench(
    'a bake of the example app beside `packer validate` and `packer build` by hand',
    '1 min',
    measureBake,
    bakeReport,
  ),
  audit: bench(
    "1 GB of Vault's audit lines, every counter right, beside `grep -c` and `jq`, each on one core (BENCH_AUDIT_MB: less)",
    '2 min',
    measureAudit,
    auditReport,
  ),
  consul: bench(
    'look-ups in Consul with 1,000 services, 5,000 instances and 10,000 keys, and `kv plan`, beside curl of the same addresses',
    '1 min',
    measureConsul,
    consulReport,
  ),
  alerts: bench(
    'from a change in Consul, and from a line of Vault, to what Slack shows, beside a bare blocking query and one chat.postMessage',
    '5 min',
    measureAlerts,
    alertsReport,
  ),
  'alert-load': bench(
    '10,000 checks in 200 groups: one change, 1,000 at once, an idle minute and memory, beside the same bare program',
    '5 min',
    measureAlertLoad,
    alertLoadReport,
  ),
  pages: bench(
    'a log of 50,000 lines to a page, and single lines of a running stage, beside bare server-sent events',
    '15 s',
    measurePages,
    pagesReport,
  ),
  workers: bench('Terraform plans a second by 1, 2 and 4 workers', '40 s', measureWorkers, workersReport),
}

function bench<Figures>(
  what: string,
  takes: string,
  measure: (signal: AbortSignal) => Promise<Figures>,
  report: (figures: Figures) => string,
): Bench {
  return {
    what,
    takes,
    async measure(signal) {
      const figures = await measure(signal)
      return { figures, table: report(figures) }
    },
  }
}
