/** Which key does what for this person: their own choices over a preset, over the keys that commands bring along. */
import { computed, type Signal } from '@preact/signals-core'
import type { Command, Commands } from '@/editor/command'
import type { KeySettings } from '@/editor/preferences/keys'
import { Keyboard, type Press } from './keyboard'
import { readings, shownKey } from './keys'
import { PRESETS, type PresetId } from './presets'

/** Command → its keys; the first one is shown. */
export type Keys = Readonly<Record<string, readonly string[]>>

interface Layout {
  readonly keys: ReadonlyMap<string, readonly string[]>
  readonly commands: ReadonlyMap<string, Command>
}

export class Keymap {
  readonly preset: Signal<PresetId>
  readonly own: Signal<Keys>
  /** The keys that commands bring along. */
  private readonly defaults: Keys
  private readonly layout = computed(() => this.layOut([this.own.value, PRESETS[this.preset.value].keys]))
  /** What it would be without the person's own keys. */
  private readonly given = computed(() => this.layOut([PRESETS[this.preset.value].keys]))
  /** Keys that only the person gave to a command. */
  private readonly chosen = computed(() => {
    const { keys } = this.given.value
    return new Set(
      Object.entries(this.own.value).flatMap(([id, own]) =>
        own.filter((key) => !keys.get(id)?.includes(key)).map((key) => slot(this.commands.named(id), key)),
      ),
    )
  })

  constructor(
    private readonly settings: KeySettings,
    private readonly commands: Commands,
    readonly keyboard = new Keyboard(),
  ) {
    this.defaults = Object.fromEntries(commands.all.map(({ id, keys }) => [id, keys]))
    this.preset = settings.preset
    this.own = settings.own
    this.forgetUnknown()
  }

  keysOf(id: string): readonly string[] {
    return this.layout.value.keys.get(id) ?? []
  }

  /** The first key of a command, for people: "Ctrl Z"; empty without one. */
  shown(id: string): string {
    const [key] = this.keysOf(id)
    return key ? this.print(key) : ''
  }

  /** A key for people, as it is printed on their keyboard. */
  print(key: string): string {
    return shownKey(key, this.keyboard)
  }

  /** Everything that a press may mean on this keyboard, the likeliest first; the first one is its name. */
  readings(press: Press): readonly string[] {
    return readings(press, this.keyboard)
  }

  /**
   * What a key does; while something is drawn, what it does then comes first. Of several readings of one press, one
   * that the person has chosen comes first.
   */
  commandFor(keys: string | readonly string[], drawing = false): Command | null {
    const { commands } = this.layout.value
    const inScopes = (key: string) => [...(drawing ? [`drawing ${key}`] : []), `standard ${key}`]
    const listed = [keys].flat()
    const key =
      listed.find((each) => inScopes(each).some((wanted) => this.chosen.value.has(wanted))) ??
      listed.find((each) => inScopes(each).some((wanted) => commands.has(wanted)))
    return (key && inScopes(key).flatMap((wanted) => commands.get(wanted) ?? [])[0]) || null
  }

  /** The other command that has a key which is wanted for command `id`. */
  holder(id: string, key: string): Command | null {
    const holder = this.layout.value.commands.get(slot(this.commands.named(id), key))
    return holder && holder.id !== id ? holder : null
  }

  /** Give a command these keys and no others; who had one of them loses it. */
  assign(id: string, keys: readonly string[]): void {
    const wanted = new Set(keys.map((key) => slot(this.commands.named(id), key)))
    const own: Record<string, readonly string[]> = {}
    for (const [other, held] of Object.entries(this.own.value)) {
      if (other !== id) own[other] = held.filter((key) => !wanted.has(slot(this.commands.named(other), key)))
    }
    if (String(this.given.value.keys.get(id)) !== String(keys)) own[id] = keys
    this.own.value = own
  }

  isOwn(id: string): boolean {
    return Object.hasOwn(this.own.value, id)
  }

  reset(id?: string): void {
    this.own.value =
      id === undefined ? {} : Object.fromEntries(Object.entries(this.own.value).filter(([other]) => other !== id))
  }

  /** Whether this may be a map that was exported. */
  accepts(stored: unknown): boolean {
    return typeof stored === 'object' && stored !== null && ('preset' in stored || 'own' in stored)
  }

  /** Take over a map that was exported, here or by somebody else. */
  restore(stored: unknown): void {
    this.settings.restore(stored)
    this.forgetUnknown()
  }

  toJSON(): unknown {
    return this.settings.values.value
  }

  /** Commands of other versions have no keys here. */
  private forgetUnknown(): void {
    this.own.value = Object.fromEntries(Object.entries(this.own.value).filter(([id]) => this.commands.has(id)))
  }

  /** The strongest layer that names a command says its keys; a key that a stronger layer gave away is gone. */
  private layOut(layers: readonly Keys[]): Layout {
    const keys = new Map<string, readonly string[]>()
    const commands = new Map<string, Command>()
    for (const layer of [...layers, this.defaults]) {
      for (const each of this.commands.all) {
        const wanted = layer[each.id]
        if (!wanted || keys.has(each.id)) continue
        const free = wanted.filter((key) => !commands.has(slot(each, key)))
        keys.set(each.id, free)
        for (const key of free) commands.set(slot(each, key), each)
      }
    }
    return { keys, commands }
  }
}

const slot = ({ scope }: Command, key: string) => `${scope ?? 'standard'} ${key}`
