/** Which keys the person has: asked of browsers that tell, and learned from what is typed in all others. */
import { effect } from '@preact/signals-core'
import type { Scope } from '@/core/scope'
import { Keyboard, type Printed } from '@/editor/keys/keyboard'

/** In this browser, on this machine: a person may have another keyboard elsewhere. */
const KEPT = 'framewise.keyboard'

/** Part of the Keyboard API, which only some browsers have (https://wicg.github.io/keyboard-map/). */
interface LayoutMaps {
  getLayoutMap?: () => Promise<Iterable<readonly [code: string, typed: string]>>
}

export function keyboardHere(): Keyboard {
  return new Keyboard(learnedBefore(), /Mac|iPhone|iPad/.test(navigator.platform))
}

export function hearLayout(keyboard: Keyboard, scope: Scope): void {
  const ask = () => void tell(keyboard)
  ask()
  // Who has several layouts may have changed to another one elsewhere.
  scope.listen(window, 'focus', ask)
  scope.listen(
    window,
    'keydown',
    (event) => {
      if (keyboard.learn(event)) ask()
    },
    { capture: true },
  )
  scope.add(effect(() => keep(keyboard.toJSON())))
}

async function tell(keyboard: Keyboard): Promise<void> {
  const { keyboard: maps } = navigator as Navigator & { keyboard?: LayoutMaps }
  try {
    const told = await maps?.getLayoutMap?.()
    if (told) keyboard.tell(Object.fromEntries(told))
  } catch {
    // Forbidden by a page around this one: it is learned instead.
  }
}

function learnedBefore(): Printed {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '{}')
    const entries = Object.entries(typeof kept === 'object' && kept ? kept : {})
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}

function keep(learned: Printed): void {
  try {
    localStorage.setItem(KEPT, JSON.stringify(learned))
  } catch {
    // A browser that keeps nothing learns anew on each page.
  }
}
