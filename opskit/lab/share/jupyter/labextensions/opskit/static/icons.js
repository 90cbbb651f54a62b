// Line icons in the theme's own colour.

const svg = (body) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24" fill="none" stroke-width="1.8" ` +
  `stroke-linecap="round" stroke-linejoin="round" class="opskit-icon">${body}</svg>`;

export const BOOK = svg(
  '<path d="M4 5.5C4 4.7 4.7 4 5.5 4H11v16H5.5c-.8 0-1.5-.7-1.5-1.5z"/><path d="M20 5.5c0-.8-.7-1.5-1.5-1.5H13v16h5.5c.8 0 1.5-.7 1.5-1.5z"/><path d="M6.8 8H8.6M6.8 11h1.8M15.4 8h1.8M15.4 11h1.8"/>',
);
export const LOOK = svg(
  '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 21 21"/><path d="M7 10.5h1.6l1.3-2.6 1.6 4.8 1-2.2H14"/>',
);
export const CHANGE = svg(
  '<path d="M14.6 6.2a4.6 4.6 0 0 0-6 5.9L3.5 17.200a1.900 1.900 0 0 0 0 2.700l.6.6a1.900 1.900 0 0 0 2.700 0l5.100-5.100a4.600 4.600 0 0 0 5.900-6L15 12.200 11.800 9z"/>',
);
export const LESSON = svg('<path d="M2.500 9 12 4.500 21.500 9 12 13.500z"/><path d="M6.500 11v5c1.500 1.400 3.400 2 5.500 2s4-.6 5.500-2v-5"/><path d="M21.500 9v5.500"/>');
