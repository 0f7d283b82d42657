/** A group of preferences as signals. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { byName, type Fields, type ValueOf, type ValuesOf } from './fields'

/** One signal for each field, by its name. */
export type Kept<Group extends Fields> = { readonly [Name in keyof Group]: Signal<ValueOf<Group[Name]>> } & {
  /** All of the group, as it is stored; changes with each of its fields. */
  readonly values: ReadonlySignal<ValuesOf<Group>>
  /** Take over what was stored, whole. */
  restore(stored: unknown): void
}

/** The class to extend for a group that does something, or to use as it is; made of what was stored. */
export function kept<Group extends Fields>(fields: Group): new (stored?: unknown) => Kept<Group> {
  return class {
    readonly values = computed(() => mapped(fields, (name) => this.signal(name).value))

    constructor(stored: unknown = {}) {
      const found = byName(stored)
      for (const [name, field] of Object.entries(fields))
        Object.assign(this, { [name]: signal(field.read(found[name]), { name }) })
    }

    restore(stored: unknown): void {
      const found = byName(stored)
      for (const [name, field] of Object.entries(fields)) this.signal(name).value = field.read(found[name])
    }

    private signal(name: string): Signal<unknown> {
      return (this as unknown as Record<string, Signal<unknown>>)[name]!
    }
  } as unknown as new (stored?: unknown) => Kept<Group>
}

const mapped = (fields: Fields, value: (name: string) => unknown) =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, value(name)]))
