//! Which layer a socket gets.

use super::{Source, Wanted};

impl Source {
    /// Chooses the layers of all sockets anew; asks for key frames where one changes.
    pub(super) fn select(&mut self) {
        for index in 0..self.subscriptions.len() {
            let target = self.best(&self.subscriptions[index].wanted);
            let subscription = &mut self.subscriptions[index];
            subscription.target = target;
            if target.is_none() {
                // Nothing fits: the socket gets nothing, rather than more than it can take.
                subscription.current = None;
            } else if subscription.current != target
                && let Some(state) = target.and_then(|target| self.layers.get_mut(target))
            {
                state.key_frame_wanted = true;
            }
        }
    }

    /// The best layer that is sent, no larger than wanted and within the limit. If all are larger, the
    /// smallest within the limit: a source with one layer is seen by everybody.
    fn best(&self, wanted: &Wanted) -> Option<usize> {
        let fitting = || {
            self.layers.iter().map(|state| state.layer).enumerate().filter(|(_, layer)| {
                layer.active && layer.bits_per_second <= wanted.bandwidth_limit
            })
        };
        let quality =
            |layer: super::Layer| (layer.format.pixels(), layer.format.rate, layer.bits_per_second);
        fitting()
            .filter(|(_, layer)| wanted.resolution.holds(layer.format))
            .max_by_key(|(index, layer)| (quality(*layer), std::cmp::Reverse(*index)))
            .or_else(|| fitting().min_by_key(|(index, layer)| (quality(*layer), *index)))
            .map(|(index, _)| index)
    }
}
