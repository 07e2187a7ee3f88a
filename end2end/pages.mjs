// The addresses of every page, for whoever must look at all of them: the accessibility test, the test with eight clients
// at once, and the screenshots. `who` is the sign-in the page needs; `name` becomes part of a picture's file name.

export const pages = [
  { name: 'home', address: '/' },
];
