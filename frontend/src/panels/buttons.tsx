import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { ariaKey } from '@/editor/keys/keys'
import { Drawn, Icon } from './icons'

interface CommandButtonProps {
  readonly editor: Editor
  readonly id: string
  /** Absent: the command's own. */
  readonly icon?: string
  readonly pressed?: boolean
  readonly disabled?: boolean
  /** Shown beside the icon. */
  readonly text?: string
  readonly primary?: boolean
}

interface IconButtonProps {
  readonly icon: string
  readonly label: string
  readonly pressed?: boolean
  readonly onClick: () => void
}

export function IconButton({ icon, label, pressed, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      title={label}
      aria-label={label}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

/** A button for a command: its name and key are in the tooltip. */
export function CommandButton({ editor, id, icon, pressed, disabled, text, primary }: CommandButtonProps) {
  const wanted = editor.commands.named(id)
  const key = editor.keymap.keysOf(id)[0]
  const name = t(wanted.label)
  const title = key ? `${name} (${editor.keymap.print(key)})` : name
  return (
    <button
      type="button"
      class={primary ? 'button primary' : 'button quiet'}
      title={title}
      aria-label={text ? undefined : name}
      aria-keyshortcuts={key && ariaKey(key)}
      data-command={id}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      disabled={disabled}
      onClick={() => editor.perform(wanted)}
    >
      {icon === undefined ? <Drawn path={wanted.icon ?? ''} /> : <Icon name={icon} />}
      {text && <span>{text}</span>}
    </button>
  )
}

export function CloseButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" class="icon-button" title={label} aria-label={label} onClick={onClick}>
      <Icon name="close" />
    </button>
  )
}
