/** Owns listeners, timers and whatever else must end together. `dispose()` is the only teardown. */
export class Scope {
  private readonly ends: (() => void)[] = []
  private disposed = false

  /** Run `end` on disposal; at once if that was already. */
  add(end: () => void): void {
    if (this.disposed) end()
    else this.ends.push(end)
  }

  listen<K extends keyof WindowEventMap>(
    target: Window,
    type: K,
    handler: (event: WindowEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void
  listen<K extends keyof DocumentEventMap>(
    target: Document,
    type: K,
    handler: (event: DocumentEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void
  listen<K extends keyof HTMLElementEventMap>(
    target: HTMLElement,
    type: K,
    handler: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void
  listen(target: EventTarget, type: string, handler: (event: never) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(type, handler as EventListener, options)
    this.add(() => target.removeEventListener(type, handler as EventListener, options))
  }

  every(milliseconds: number, work: () => void): void {
    const timer = setInterval(work, milliseconds)
    this.add(() => clearInterval(timer))
  }

  dispose(): void {
    this.disposed = true
    for (const end of this.ends.splice(0).reverse()) end()
  }
}
