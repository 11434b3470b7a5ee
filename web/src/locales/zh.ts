/** Chinese, simplified. */

import type { Locale } from './texts.js';

export type { Locale, TextOverrides, Texts } from './texts.js';

const RELOAD = '请重新加载页面；如果仍然不行，请联系网站负责人。';

const zh: Locale = {
  lang: 'zh-Hans',
  direction: 'ltr',
  texts: {
    start: {
      title: '开始之前',
      camera: '浏览器会请求使用摄像头。摄像头只开启几秒钟，用来拍摄您的面部。',
      local: '图像在本设备上检查，不会发送到任何地方。',
      kept: '不保存任何内容。您离开或重新开始时，图像即被丢弃。',
      button: '打开摄像头',
      photo: '选择照片',
    },
    loading: { title: '正在加载检测', some: '{loaded} MB', bytes: '{loaded} / {total} MB', prepare: '正在准备' },
    camera: {
      title: '请将面部对准椭圆',
      instructions: '请正视摄像头并保持不动。正面均匀的光线效果最好。',
      preview: '摄像头预览（镜像）',
      oval: '预览中央的椭圆表示面部应在的位置。系统会提示您如何移动。',
      choose: '摄像头',
      taken: '已拍 {taken} / {wanted} 张',
    },
    analysing: {
      title: '正在检测',
      frame: '第 {frame} / {frames} 张',
      stages: {
        decode: '读取图像',
        detect: '查找面部',
        align: '摆正面部',
        identify: '提取特征',
        generate: '绘制真实面部',
        cue: '比较两者',
        score: '评估差异',
      },
    },
    result: {
      outcomes: {
        live: { title: '真人', sentence: '摄像头前看起来是真人。' },
        spoof: { title: '伪造', sentence: '看起来是打印照片、屏幕或面具，而不是真人。' },
        uncertain: { title: '不确定', sentence: '迹象太弱，无法判断。' },
      },
      score: '得分 {score}，达到 {threshold} 判为真人。图像 {frames} 张，离散度 {spread}。',
      why: '原因',
      aligned: '您的面部',
      generated: '真实面部应有的样子',
      cue: '不同之处',
      advisory: '没有任何内容离开本设备。结果仅供参考。',
      again: '再检测一次',
    },
    error: { title: '未能完成', retry: '重试' },
    cancel: '取消',
    hints: {
      face_not_found: '看不到面部',
      several_faces: '请只保留一个人',
      too_far: '请靠近一些',
      too_close: '请稍微后退',
      off_centre: '请移到中间',
      turned_away: '请正视摄像头',
      hold_still: '请保持不动',
      too_dark: '需要更多光线',
      too_bright: '光线太强',
      blurred: '图像模糊：请擦拭镜头并保持不动',
    },
    reasons: {
      few_frames: '只检测了少量图像。',
      frames_disagree: '有些图像像真人，有些不像。',
      near_threshold: '得分太接近阈值。请在均匀光线下正对摄像头重试。',
      cue_strong: '这张脸与真实人脸应有的样子相差很大。',
      low_light: '光线不足。',
      overexposed: '光线过强。',
      blurred: '图像模糊。',
      several_faces: '出现了多张面部，采用了最大的一张。',
      gpu_failed: '图形处理器出错，检测改在处理器上进行。',
    },
    errors: {
      no_face: '未找到面部。请使用正面、足够大且光线良好的图像。',
      face_cut: '部分面部在画面之外。请移动，使面部完整可见。',
      frame_too_small: '摄像头画面太小，看不清面部。请换一个摄像头。',
      photo_empty: '文件是空的。请选择另一张照片。',
      photo_format_unknown: '无论文件名是什么，这都不是 PNG、JPEG、GIF 或 WebP 图像。',
      photo_too_small: '照片像素太少，看不清面部。请选择更大的照片。',
      photo_too_large: '照片像素超出可检测的范围。请选择更小的照片。',
      photo_truncated: '文件不完整。请选择另一张照片。',
      photo_unreadable: '无法将文件读取为图像。请选择另一张照片。',
      insecure_context: '浏览器只允许 https 页面使用摄像头。',
      camera_permission_denied: '摄像头被拒绝。请在地址栏中允许本页使用摄像头，然后重试。',
      camera_not_found: '本设备没有浏览器可用的摄像头。请连接一个后重试。',
      camera_in_use: '摄像头似乎正被其他程序使用。请关闭该程序后重试。',
      camera_lost: '摄像头已断开。请重新连接后重试。',
      timeout: '用时过长。请在均匀光线下正对摄像头重试。',
      page_hidden: '检测被中断。摄像头开启时请保持本页在前台。',
      cancelled: '检测已停止。',
      asset_fetch_failed: '检测的一部分未能加载。请检查网络连接后重试。',
      integrity_failed: `下载的模型已被改动，因此不予使用。${RELOAD}`,
      bundle_incompatible: `页面与模型版本不一致。${RELOAD}`,
      not_supported: '此浏览器无法运行检测。请使用新版 Chrome、Edge、Firefox 或 Safari。',
      wasm_failed: `检测无法启动。${RELOAD}`,
      gpu_lost: '图形处理器停止工作。请重试。',
      out_of_memory: '内存不足。请关闭其他标签页和程序，然后重新加载页面。',
      internal: `检测因意外错误而停止。${RELOAD}`,
    },
  },
};

export default zh;
