/** Neural networks: the machines of a workspace as they stand right now, and the models that can be put on them. */
import { render } from 'preact'
import type { NetworksPage } from '@/protocol/generated'
import { GetDialog } from './get'
import { Machines } from './machines'
import { Models } from './models'
import { Networks } from './networks'
import { StoredList } from './stored'
import { TryDialog } from './try'

/** Returns whether something is under way that leaving the page would break off.
 * `<div id="machines">` and `<div id="models">` beside `<script id="networks-data">`, in
 * templates/workspace_networks.html. */
export function mountNetworks(machines: HTMLElement, models: HTMLElement): () => boolean {
  const networks = new Networks(JSON.parse(document.getElementById('networks-data')?.textContent ?? '') as NetworksPage)
  render(
    <>
      <Problem networks={networks} />
      <Machines networks={networks} />
    </>,
    machines,
  )
  render(
    <>
      <Models networks={networks} />
      <StoredList networks={networks} />
      <GetDialog networks={networks} />
      <TryDialog networks={networks} />
    </>,
    models,
  )
  networks.watch()
  return () => networks.sender.isBusy
}

function Problem({ networks }: { networks: Networks }) {
  return networks.problem.value ? (
    <p class="message error" role="alert">
      {networks.problem.value}
    </p>
  ) : null
}
