(() => {
  const only = document.getElementById('only');
  only.addEventListener('change', () => document.body.classList.toggle('filtered', only.checked));
  document.getElementById('filter').hidden = false;
})();
