import { t } from '@/core/text'
import { LARGEST_TIP_PX, SMALLEST_TIP_PX } from '@/editor/preferences/brush'
import type { Editor } from '@/editor/editor'
import { CommandButton } from './buttons'

/** Beside the tools that paint masks: the tip, and what it does. */
export function BrushOptions({ editor }: { editor: Editor }) {
  const { brush, keymap, session } = editor
  const tool = session.tool.value
  if (editor.tool.kind !== 'mask' || tool === 'smart') return null
  return (
    <div class="brush-options" role="group" aria-label={t('Brush')}>
      {tool === 'brush' && (
        <>
          <label
            title={t('Size of the tip ({smaller} and {larger})', {
              smaller: keymap.shown('brush.smaller'),
              larger: keymap.shown('brush.larger'),
            })}
          >
            {t('Size')}
            <input
              type="range"
              min={SMALLEST_TIP_PX}
              max={200}
              value={brush.size.value}
              onInput={(event) => (brush.size.value = Number(event.currentTarget.value))}
            />
            <input
              type="number"
              aria-label={t('Size of the tip in px')}
              min={SMALLEST_TIP_PX}
              max={LARGEST_TIP_PX}
              value={brush.size.value}
              onChange={(event) =>
                (brush.size.value = Math.min(
                  Math.max(Number(event.currentTarget.value) || SMALLEST_TIP_PX, SMALLEST_TIP_PX),
                  LARGEST_TIP_PX,
                ))
              }
            />
          </label>
          <Choice
            name={t('Tip')}
            options={[
              [t('Round'), false],
              [t('Square'), true],
            ]}
            chosen={brush.square.value}
            onChoose={(square) => (brush.square.value = square)}
          />
        </>
      )}
      <Choice
        name={t('Paint or erase')}
        options={[
          [t('Paint'), false],
          [t('Erase'), true],
        ]}
        chosen={brush.erases.value}
        onChoose={(erases) => (brush.erases.value = erases)}
      />
      <label title={t('What is painted is taken from the other masks of the frame')}>
        <input
          type="checkbox"
          checked={brush.alone.value}
          onChange={(event) => (brush.alone.value = event.currentTarget.checked)}
        />
        {t('No overlap')}
      </label>
      <CommandButton editor={editor} id="tool.fill" text={t('Fill')} pressed={tool === 'fill'} />
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly options: readonly (readonly [text: string, value: boolean])[]
  readonly chosen: boolean
  readonly onChoose: (value: boolean) => void
}

function Choice({ name, options, chosen, onChoose }: ChoiceProps) {
  return (
    <span class="choice-pair" role="radiogroup" aria-label={name}>
      {options.map(([text, value]) => (
        <button key={text} type="button" role="radio" aria-checked={chosen === value} onClick={() => onChoose(value)}>
          {text}
        </button>
      ))}
    </span>
  )
}
