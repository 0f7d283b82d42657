/** F11 is the browser's, and keeps its bars on some systems; this is the page's own. */
export function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else document.documentElement.requestFullscreen().catch(() => undefined)
}
