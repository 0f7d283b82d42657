/** Icons of 16 x 16, drawn with lines in the colour of the text. */
const PATHS: Record<string, string> = {
  fit: 'M2 6V2h4 M10 2h4v4 M14 10v4h-4 M6 14H2v-4',
  playBack: 'M12 2.500L3 8l9 5.500z',
  pin: 'M5.500 2.500h5 M6.500 2.500v4L4.500 9.500h7l-2-3v-4 M8 9.500v4.500',
  loop: 'M11 1.500L13.500 4 11 6.500 M13.500 4H5a2.500 2.500 0 00-2.500 2.500V8 M5 14.500L2.500 12 5 9.500 M2.500 12H11a2.500 2.500 0 002.500-2.500V8',
  play: 'M4 2.500l9 5.500-9 5.500z',
  pause: 'M4 3h3v10H4z M9 3h3v10H9z',
  next: 'M5 3l6 5-6 5z M12 3v10',
  previous: 'M11 3L5 8l6 5z M4 3v10',
  keyNext: 'M3 4l4 4-4 4 M11 4.500l3 3.500-3 3.500-3-3.500z',
  keyPrevious: 'M13 4L9 8l4 4 M5 4.500l3 3.500-3 3.500-3-3.500z',
  eye: 'M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8z M8 6a2 2 0 110 4 2 2 0 010-4z',
  eyeOff:
    'M2 2l12 12 M6.500 4A6.500 6.500 0 018 3.500C12 3.500 14.500 8 14.500 8a11 11 0 01-2 2.500 M4 5a11 11 0 00-2.500 3S4 12.500 8 12.500c.7 0 1.400-.1 2-.4',
  lock: 'M3.500 7h9v7h-9z M5.500 7V4.500a2.500 2.500 0 015 0V7',
  unlock: 'M3.500 7h9v7h-9z M5.500 7V4.500a2.500 2.500 0 014.900-.8',
  trash: 'M3 4h10 M6 4V2.500h4V4 M4 4l.7 10h6.600L12 4 M6.700 6.500v5 M9.300 6.500v5',
  undo: 'M6 3L3 6l3 3 M3 6h6.500a3.500 3.500 0 010 7H6',
  redo: 'M10 3l3 3-3 3 M13 6H6.500a3.500 3.500 0 000 7H10',
  back: 'M9.500 3L4.500 8l5 5',
  first: 'M13 3L8 8l5 5 M8 3L3 8l5 5',
  last: 'M3 3l5 5-5 5 M8 3l5 5-5 5',
  filter: 'M2 4h12 M4.500 8h7 M6.500 12h3',
  look: 'M2.500 2.500h11v11h-11z M2.500 8.500l6-6 M2.500 13.500l11-11 M7.500 13.500l6-6',
  outside:
    'M2.500 5V2.500H5 M7 2.500h2 M11 2.500h2.500V5 M13.500 7v2 M2.500 7v2 M2.500 11v2.500H5 M7 13.500h2 M11 13.500h2.500V11 M6 6l4 4 M10 6l-4 4',
  occluded: 'M2.500 2.500h7v7h-7z M6.500 12.500v1h7v-7h-1 M6.500 9.500L9.500 6.500',
  trackForth: 'M2 4h4v8H2z M8.500 8h5 M11 5.500L13.500 8 11 10.500',
  trackBack: 'M10 4h4v8h-4z M7.500 8h-5 M5 5.500L2.500 8 5 10.500',
  split: 'M8 2v12 M6 5.500H2v5h4 M10 5.500h4v5h-4',
  deleteHere: 'M2.500 2.500h11v11h-11z M5.500 5.500l5 5 M10.500 5.500l-5 5',
  more: 'M3.500 8h.01 M8 8h.01 M12.500 8h.01',
  forth: 'M6.500 3l5 5-5 5',
  diamond: 'M8 3.500l4.500 4.500L8 12.500 3.500 8z',
  clearFrom: 'M3 3v10 M6.500 5.500l5 5 M11.500 5.500l-5 5',
  download: 'M8 2v8 M4.500 7L8 10.500 11.500 7 M2.500 13.500h11',
  upload: 'M8 10.500v-8 M4.500 6L8 2.500 11.500 6 M2.500 13.500h11',
  history: 'M2.500 8a5.500 5.500 0 105.500-5.500A5.500 5.500 0 003.300 5 M3 2.300V5.200H6 M8 5v3.300l2.300 1.400',
  joins: 'M1.500 8h4 M10.500 8h4 M7 8h.01 M9 8h.01 M5.500 5.500v5 M10.500 5.500v5',
  help: 'M5.500 6A2.500 2.500 0 118 8.500V10 M8 12.200v.6',
  theme: 'M8 2a6 6 0 100 12 6 6 0 000-12z M8 2v12 M8 4.500h3.500 M8 8h5.500 M8 11.500h3.500',
  target: 'M8 1.500v3 M8 11.500v3 M1.500 8h3 M11.500 8h3 M8 4.500a3.500 3.500 0 110 7 3.500 3.500 0 010-7z',
  stop: 'M3.500 3.500h9v9h-9z',
  plus: 'M8 3v10 M3 8h10',
  minus: 'M3 8h10',
  fitAll: 'M2 3v10 M14 3v10 M4.500 8h7 M6.500 6l-2 2 2 2 M9.500 6l2 2-2 2',
  fitRange: 'M2 8h2.500 M11.500 8H14 M5 4.500h6v7H5z',
  close: 'M3.500 3.500l9 9 M12.500 3.500l-9 9',
  sliders:
    'M2 4.500h6 M11 4.500h3 M9.500 3a1.500 1.500 0 110 3 1.500 1.500 0 010-3z M2 11.500h3 M8 11.500h6 M6.500 10a1.500 1.500 0 110 3 1.500 1.500 0 010-3z',
  turnLeft: 'M3 3v3.500h3.500 M3 6.500A5.200 5.200 0 118 13.200',
  turnRight: 'M13 3v3.500H9.500 M13 6.500A5.200 5.200 0 108 13.200',
  swap: 'M2.500 5.500h10 M10 3l2.500 2.500L10 8 M13.500 10.500h-10 M6 8L3.500 10.500 6 13',
  compare: 'M2.500 2.500h7v7h-7z M6.500 6.500h7v7h-7z',
  layers: 'M8 2l6 3-6 3-6-3z M2 8l6 3 6-3 M2 11l6 3 6-3',
  pencil: 'M3 13l.7-3L10.500 3.200l2.300 2.300L6 12.300z M9 4.700L11.300 7',
  takeOver: 'M2 8h7 M6.500 5L9.500 8l-3 3 M10.500 2.500h3v11h-3',
  screen: 'M2 3h12v8H2z M5.500 13.500h5 M8 11v2.500',
  bell: 'M8 2.200a4 4 0 00-4 4v2.600l-1.300 2.700h10.600L12 8.800V6.200a4 4 0 00-4-4z M6.600 13.800a1.500 1.500 0 002.800 0 M8 2.200V1.300',
  comment: 'M2.500 3h11v8H7.500L4.500 13.500V11h-2z M5 6h6 M5 8.500h4',
  check: 'M3 8.500L6.500 12 13 4.500',
  inspect: 'M3.500 3h9v11h-9z M6 3V1.500h4V3 M5.700 8.500L7.300 10.300 10.500 6.500',
}

export function Icon({ name }: { name: string }) {
  return <Drawn path={PATHS[name] ?? ''} />
}

/** An icon that somebody else brings along, e.g. a tool. */
export function Drawn({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.4"
        stroke-linejoin="round"
        stroke-linecap="round"
      />
    </svg>
  )
}
