/** What the chosen detector sees on a frame of this video, with what becomes of it as the settings are now. */
import { signal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { judge, type Judged } from '@/store/previews'
import type { FrameNumber } from '@/store/types'
import { areSameWords } from '@/store/words'
import type { Finder } from './finding'

export class FindPreview {
  readonly isOpen: Signal<boolean> = signal(false, { name: 'findPreview' })

  constructor(private readonly editor: Editor) {}

  private get previews() {
    return this.editor.store.previews
  }

  /** Look at this frame; where what is there is shown already, show it no more. */
  toggle(): void {
    const { latest, asking } = this.previews
    const isShown = asking.value || (this.isFresh && latest.value?.frame === this.editor.session.frame.value)
    if (this.isOpen.value && isShown) this.close()
    else this.look()
  }

  /** Have a machine look at this frame. */
  look(): void {
    const { config, finding, session, store } = this.editor
    const { finder } = finding
    if (!finder) {
      session.tell(finding.missing, 'error')
      return
    }
    if (finding.speechless) {
      session.tell(finding.speechless, 'error')
      return
    }
    this.isOpen.value = true
    void store.previews.ask(config.video.id, session.frame.value, {
      finder: finder.id,
      confidence: this.confidence(finder),
      words: this.words(finder),
    })
  }

  close(): void {
    this.isOpen.value = false
    void this.previews.drop()
  }

  /** Whether what was seen answers what is wanted now: by the same detector for the same words, and nothing unsure is
   * missing. */
  get isFresh(): boolean {
    const preview = this.previews.latest.value
    const { finder } = this.editor.finding
    if (preview?.state !== 'done' || preview.model !== finder?.id) return false
    return preview.least <= this.confidence(finder) && areSameWords(this.previews.words.value, this.words(finder))
  }

  /** What was seen, as a run would take it with the present settings. */
  get judged(): readonly Judged[] {
    const preview = this.previews.latest.value
    const { finding, config } = this.editor
    const finder = config.finders.find(({ id }) => id === preview?.model)
    if (!this.isOpen.value || !preview || !finder) return []
    return judge(preview.seen, {
      labels: new Map(Object.entries(finding.labels(finder))),
      confidence: this.confidence(finder),
      region: finding.region.value,
      linked: finding.association !== null,
    })
  }

  /** The same, if it was seen on this frame. */
  shownOn(frame: FrameNumber): readonly Judged[] {
    return this.previews.latest.value?.frame === frame ? this.judged : []
  }

  /** How far it is, in words; empty: it has ended, or nothing was asked. */
  get stage(): string {
    if (!this.previews.asking.value) return ''
    const state = this.previews.latest.value?.state
    return state === 'looking'
      ? t('The detector looks …')
      : state === 'fetching'
        ? t('A machine fetches the video …')
        : t('Waiting for a machine …')
  }

  /** What is looked for, where words say it. */
  private words(finder: Finder): readonly string[] {
    return finder.by_word ? this.editor.finding.classes(finder) : []
  }

  private confidence(finder: Finder): number {
    return this.editor.findSettings.confidence.value ?? finder.confidence ?? 0
  }
}
