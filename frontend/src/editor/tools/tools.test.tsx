import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'
import { offersFor } from '@/editor/help/palette'
import { State, type PointerAt, type Tool } from '@/editor/tool'
import { HelpOverlay } from '@/panels/keys-help'
import { ToolBar } from '@/panels/tool-bar'
import { TestEditor } from '@/testing/test-editor'
import { TOOLS } from '.'

class StampIdle extends State<null> {
  static readonly id = 'stamp.idle'

  override onPointerDown({ point }: PointerAt): void {
    this.editor.session.tell(`Stamped at ${point.x}`)
  }
}

/** A tool as somebody would add it: nothing but this and its place in the list. */
const STAMP: Tool = {
  id: 'stamp',
  label: 'Stamp',
  help: 'Leaves a mark.',
  keys: ['Alt+Shift+Q'],
  synonyms: 'seal',
  icon: 'M1 2h3',
  initial: StampIdle,
}

const open = () => TestEditor.open({}, { tools: [TOOLS[0], STAMP, ...TOOLS.slice(1)] })

/** The tool bar's buttons, each as its command and its markup. */
function buttons(test: TestEditor): Map<string, string> {
  const found = render(<ToolBar editor={test.editor} />).matchAll(/<button.*?data-command="(.*?)".*?<\/button>/g)
  return new Map(Array.from(found, ([markup, command]) => [command!, markup]))
}

describe('a tool that was added to the list', () => {
  it('has its button at its place, with its icon, name and key', async () => {
    const test = await open()
    expect([...buttons(test).keys()].slice(0, 3)).toEqual(['tool.select', 'tool.stamp', 'tool.lasso'])
    const button = buttons(test).get('tool.stamp')
    expect(button).toContain('<path d="M1 2h3"')
    expect(button).toContain('title="Stamp (Alt Shift Q)"')
    expect(button).toContain('aria-pressed="false"')
  })

  it('is taken up by its key, which a person may change', async () => {
    const test = await open()
    test.press('Alt+Shift+Q').click(7, 8)
    expect([test.state, test.session.notice.value?.message]).toEqual(['stamp.idle', 'Stamped at 7'])
    expect(buttons(test).get('tool.stamp')).toContain('aria-pressed="true"')
    test.editor.keymap.assign('tool.stamp', ['Alt+Shift+W'])
    test.press('S').press('Alt+Shift+W')
    expect(test.state).toBe('stamp.idle')
    expect(buttons(test).get('tool.stamp')).toContain('title="Stamp (Alt Shift W)"')
  })

  it('is explained by the help, and found by the palette in other words', async () => {
    const test = await open()
    test.editor.helpOpen.value = true
    expect(render(<HelpOverlay editor={test.editor} />)).toMatch(
      /title="Leaves a mark\."[^>]*>Stamp<.*?<kbd>Alt Shift Q<\/kbd>/,
    )
    expect(offersFor(test.editor, 'seal').map(({ id }) => id)).toContain('tool.stamp')
  })
})

describe.each(TOOLS.map((tool) => [tool.id, tool] as const))('the tool %s', (id, tool) => {
  it('begins in its first state and goes back to it', async () => {
    const test = await TestEditor.open()
    test.command(`tool.${id}`)
    expect([test.state, test.session.tool.value, test.editor.machine.busy]).toEqual([tool.initial.id, id, false])
  })

  it('is drawn with an icon of its own', () => {
    expect(tool.icon).toMatch(/^M[\d.]/)
    expect(TOOLS.filter(({ icon }) => icon === tool.icon)).toEqual([tool])
  })
})
