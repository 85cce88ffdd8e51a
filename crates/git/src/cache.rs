//! Texts that were read, by object name.
//!
//! In: texts. Out: the same, until newer ones need the room. Never more than its bound.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::Sha;

use crate::Text;

/// A bounded memory: what came first goes first.
#[derive(Debug)]
pub(crate) struct TextCache {
    texts: HashMap<Sha, Arc<Text>>,
    order: VecDeque<Sha>,
    cost: usize,
    bound: usize,
}

impl TextCache {
    pub(crate) fn new(bound: usize) -> Self {
        Self { texts: HashMap::new(), order: VecDeque::new(), cost: 0, bound }
    }

    pub(crate) fn get(&self, oid: &Sha) -> Option<Arc<Text>> {
        self.texts.get(oid).cloned()
    }

    pub(crate) fn put(&mut self, oid: &Sha, text: &Arc<Text>) {
        if self.texts.insert(oid.clone(), Arc::clone(text)).is_some() {
            return;
        }
        self.order.push_back(oid.clone());
        self.cost += text.cost();
        while self.cost > self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.cost -= self.texts.remove(&oldest).map_or(0, |text| text.cost());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_texts_make_room() {
        let mut cache = TextCache::new(4000);
        let name = |n: usize| Sha::new(&format!("{n:040}")).expect("a name");
        for n in 0..100 {
            cache.put(&name(n), &Arc::new(Text::from_content("x".repeat(500))));
            assert!(cache.cost <= 4000);
        }
        assert!(cache.get(&name(0)).is_none());
        assert!(cache.get(&name(99)).is_some());
        assert_eq!(cache.texts.len(), cache.order.len());
    }
}
