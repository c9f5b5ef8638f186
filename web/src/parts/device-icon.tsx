const drawings: Readonly<Record<string, string>> = {
  plug: 'M9 3v5m6-5v5M6 8h12v4a6 6 0 0 1-12 0zm6 10v3',
  purifier: 'M4 9h10a3 3 0 1 0-3-3M4 13h14a3 3 0 1 1-3 3M4 17h6a2 2 0 1 1-2 2',
  sensor: 'M12 3a2 2 0 0 1 2 2v9.2a4 4 0 1 1-4 0V5a2 2 0 0 1 2-2zm0 6v7',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2.5',
  switch: 'M8 7h8a5 5 0 0 1 0 10H8A5 5 0 0 1 8 7zm8 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  camera: 'M4 7h11v10H4zm11 3.5 5-2.5v8l-5-2.5z',
  reader: 'M5 5h14v14H5zM9 9h6M9 12.5h6M9 16h3',
  generic: 'M7 7h10v10H7zM10 3v4m4-4v4m-4 10v4m4-4v4M3 10h4m-4 4h4m10-4h4m-4 4h4',
};

/** Words that types are made of, for those that are not in the list: `temperature_sensor`. */
function drawingOf(type: string): string {
  const found = Object.keys(drawings).find((name) => type.toLowerCase().includes(name));
  return drawings[found ?? 'generic'] ?? '';
}

/** A picture of what kind of thing it is. Decoration: the name says it. */
export function DeviceIcon({ type }: { type: string }) {
  return (
    <span class="device-icon">
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
        <path d={drawingOf(type)} />
      </svg>
    </span>
  );
}
