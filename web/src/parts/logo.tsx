/** A fire in its arch. Decoration: the word Hearth always stands beside it. */
export function Logo({ size }: { size: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <path class="logo-arch" d="M7.5 24.5v-8.6a8.5 8.5 0 0 1 17 0v8.6" />
      <path
        class="logo-flame"
        d="M16 13.4c.5 2.5 4.1 4 4.1 7.4a4.1 4.1 0 0 1-8.2 0c0-1.7 1-2.7 1.6-3.6.4.9.9 1.3 1.5 1.5-.2-2 .2-3.8 1-5.3z"
      />
    </svg>
  );
}
