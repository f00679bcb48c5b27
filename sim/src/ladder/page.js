(() => {
  const rows = [...document.querySelectorAll('details.row')];
  const pick = document.getElementById('call');
  const all = document.getElementById('all');
  pick.addEventListener('change', () => {
    for (const row of rows) {
      const kept = pick.value === '' || row.dataset.call === pick.value || row.classList.contains('marked');
      row.classList.toggle('off', !kept);
    }
  });
  all.addEventListener('change', () => {
    for (const row of rows) row.open = all.checked;
  });
  document.getElementById('tools').hidden = false;
})();
