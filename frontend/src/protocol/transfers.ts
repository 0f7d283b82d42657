/** Exports and imports in the background, as the API tells of them. */
import type { Rest } from './rest'

export interface Format {
  readonly id: string
  readonly label: string
  readonly options: readonly {
    readonly id: string
    readonly label: string
    readonly choices: readonly { readonly value: string; readonly label: string }[]
  }[]
}

export interface Transfer {
  readonly id: string
  readonly kind: 'export' | 'import'
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: number
  readonly message: string
  readonly file: string
  readonly file_name: string
  readonly report: Report
}

export interface Report {
  readonly tracks: number
  readonly shapes: number
  readonly losses: readonly { readonly what: string; readonly count: number }[]
  /** What was assumed where a file leaves a choice. */
  readonly notes: readonly string[]
  /** Rows of a file that can't be taken: how many, and the first of them. */
  readonly left_out: {
    readonly count: number
    readonly rows: readonly { readonly where: string; readonly why: string }[]
  }
  /** Of a file that went to several videos: what each got. */
  readonly videos: readonly { readonly name: string; readonly tracks: number; readonly shapes: number }[]
}

/** What is chosen for the next export. */
export interface Wanted {
  readonly format: string
  readonly options: Readonly<Record<string, string>>
}

const POLL_MS = 400

export const isUnderWay = ({ state }: Transfer): boolean => state === 'queued' || state === 'running'

/** Shows how a transfer stands until it is over. */
export async function watchTransfer(rest: Rest, begun: Transfer, show: (transfer: Transfer) => void): Promise<void> {
  let transfer = begun
  show(transfer)
  while (isUnderWay(transfer)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    transfer = await rest.get<Transfer>(`/transfers/${begun.id}`)
    show(transfer)
  }
}
