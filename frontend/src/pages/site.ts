/** The small scripts of the server-rendered pages. */
import { mountAnalytics } from './analytics/page'
import { mountApply } from './apply/page'
import { copyButtons, closingMenus, pickedRows, stayWhereYouAre, submitOnChange, themeForm } from './behaviours'
import { mountCompare } from './compare/page'
import { askFirst } from './confirm'
import { mountConsensus } from './consensus'
import { stayFresh } from './fresh'
import { mountLabels } from './labels/editor'
import { mountNetworks } from './networks/page'
import { mountParcels } from './parcels/page'
import { mountQueues } from './queues/page'
import { applyTheme, toggleTheme } from './theme'
import { mountUploads } from './uploads'

/** What the scripts of this page hold unsaved or under way. */
const busy: (() => boolean)[] = []
stayFresh(() => busy.some((each) => each()))

applyTheme()
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-toggle-theme]'))
  button.addEventListener('click', toggleTheme)
copyButtons()
closingMenus()
submitOnChange()
stayWhereYouAre()
pickedRows()
themeForm()
askFirst()

for (const root of document.querySelectorAll<HTMLElement>('[data-uploads]')) busy.push(mountUploads(root))
const apply = document.getElementById('apply-page')
if (apply) busy.push(mountApply(apply))
const analytics = document.getElementById('analytics-page')
if (analytics) mountAnalytics(analytics)
const queues = document.getElementById('queues-page')
if (queues) mountQueues(queues)
const consensus = document.getElementById('consensus-page')
if (consensus) mountConsensus(consensus)
const compare = document.getElementById('compare-page')
if (compare) mountCompare(compare)
const labels = document.getElementById('labels-editor')
if (labels) busy.push(mountLabels(labels))
const parcels = document.getElementById('parcels-page')
if (parcels) busy.push(mountParcels(parcels))
const [machines, models] = ['machines', 'models'].map((id) => document.getElementById(id))
if (machines && models) busy.push(mountNetworks(machines, models))
