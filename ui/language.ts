// A browser that was started under the locale C names a language that Intl refuses, en-US@posix,
// and the library of the charts hands it to Intl as it loads: nothing of the page would show.
// So this is the first thing that the page loads.
try {
  new Intl.Locale(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' })
}
