import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { CommandButton } from './buttons'

export function ToolBar({ editor }: { editor: Editor }) {
  return (
    <nav class="tool-bar" aria-label={t('Tools')}>
      {editor.tools.map(({ id }) => (
        <CommandButton key={id} editor={editor} id={`tool.${id}`} pressed={editor.session.tool.value === id} />
      ))}
      {editor.config.can_edit && (
        <span class="tool-bar-end">
          <CommandButton editor={editor} id="tool.keep" icon="pin" pressed={editor.keepsTool.value} />
        </span>
      )}
    </nav>
  )
}
