// The console (管理控制台). Everything that it shows it asks of the public API; texts of others are only ever shown as text.

import { ElConfigProvider } from './element-plus.js';
import zhCn from './element-plus-zh-cn.js';
import { session, watchUse } from './session.js';
import { Shell } from './shell.js';
import { SignInRoom } from './sign-in.js';
import { createApp, h, watchEffect } from './vue.js';
import { language } from './words.js';

const Console = {
  render() {
    const locale = language.value === 'zh' ? zhCn : undefined;
    return h(ElConfigProvider, { locale }, () => h(session.who ? Shell : SignInRoom));
  },
};

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});
watchUse();
createApp(Console).mount('#app');
