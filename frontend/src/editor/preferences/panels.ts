import { texts } from './fields'
import { kept } from './kept'

/** Which panels at the side are folded. */
export class PanelSettings extends kept({ folded: texts() }) {
  isOpen(panel: string): boolean {
    return !this.folded.value.includes(panel)
  }

  toggle(panel: string): void {
    this.folded.value = this.isOpen(panel)
      ? [...this.folded.value, panel]
      : this.folded.value.filter((each) => each !== panel)
  }

  open(panel: string): void {
    if (!this.isOpen(panel)) this.toggle(panel)
  }
}
