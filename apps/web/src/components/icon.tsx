/** Line drawings of 24 units, in the colour of the text beside them. */
const PATHS = {
  picture: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2v.1',
  camera: 'M3 7h12v10H3zM15 11l6-3.5v9L15 13',
  film: 'M3 5h18v14H3zM3 10h18M8 5 6 10M13 5l-2 5M18 5l-2 5M10.5 12.8v4l3.5-2z',
  pencil: 'M5 19l1-4L16.5 4.5l3 3L9 18zM14 7l3 3',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v6M12 7.5v.1',
  spark: 'M12 3l2 6.5L20.5 12 14 14.5 12 21l-2-6.5L3.5 12 10 9.5z',
  lens: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21',
  sun: 'M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  half: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 3v18M12 7h5.5M12 11h7M12 15h6.5M12 18.5h3',
  close: 'M6 6l12 12M18 6 6 18',
  save: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  share: 'M12 15V4M7.5 8 12 3.5 16.5 8M6 12v8h12v-8',
  copy: 'M9 9h10v11H9zM5 15V4h10v2',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4.5v15l12-7.5z',
  mirror: 'M12 3v18M9 7 4 17h5zM15 7l5 10h-5z',
  record: 'M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  stop: 'M7 7h10v10H7z',
  flag: 'M6 21V4h11l-2 4 2 4H6',
  trash: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
  gauge: 'M4 17a8.5 8.5 0 1 1 16 0M12 14l4-5',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
} as const;

export type IconName = keyof typeof PATHS;

/** For the eye only: what it means stands in words beside it, or in the name of its button. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
