//! Deliveries of what was delivered before: doubled, and in another order.
