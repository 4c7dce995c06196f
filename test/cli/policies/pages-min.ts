export const pagesMin: number = 16;
