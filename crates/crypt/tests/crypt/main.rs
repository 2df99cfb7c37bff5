//! What is written can be read, by us and by others; what was changed on the way is found.

mod damage;
mod hostile;
mod lengths;
mod names;
mod parts;
mod recipes;
mod support;
mod vectors;
