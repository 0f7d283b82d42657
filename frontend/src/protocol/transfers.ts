/** Exports and imports in the background. */
import type { ExportIn, TransferOut } from './generated'
import type { Rest } from './rest'

/** What is chosen for the next export. */
export type Wanted = Required<ExportIn>

const POLL_MS = 400

export const isUnderWay = ({ state }: TransferOut): boolean => state === 'queued' || state === 'running'

/** Shows how a transfer stands until it is over. */
export async function watchTransfer(
  rest: Rest,
  begun: TransferOut,
  show: (transfer: TransferOut) => void,
): Promise<void> {
  let transfer = begun
  show(transfer)
  while (isUnderWay(transfer)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    transfer = await rest.get('/api/transfers/{transfer_id}', { path: { transfer_id: begun.id } })
    show(transfer)
  }
}
