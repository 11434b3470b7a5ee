use despoof_simulate::*;
use image::{Rgb, RgbImage};
#[test] fn dbg(){
 let p=|d:bool| RgbImage::from_fn(180,220,|x,y|{let (u,v)=(x as f32/180.,y as f32/220.);let o=((u-0.5)/0.25f32).powi(2)+((v-0.5)/0.35f32).powi(2);
  if d && (x as f32+0.5-70.).hypot(y as f32+0.5-110.)<9. {Rgb([15,15,20])} else if o<1.0 {Rgb([205,160,135])} else {Rgb([(60.+90.*u) as u8,90,(70.+80.*v) as u8])}});
 let a=simulate(&p(false),Species::PrintFlat,10); let b=simulate(&p(true),Species::PrintFlat,10);
 println!("{}",serde_json::to_string(&b.parameters).unwrap());
 a.image.save("/tmp/sim/da.png").unwrap(); b.image.save("/tmp/sim/db.png").unwrap();
}
